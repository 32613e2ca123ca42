/** Applies the rules of `.dependency-cruiser.mjs`, and makes sure that the tool has seen the files it is to judge. */
import { globSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import { options, rules } from '../.dependency-cruiser.mjs';

const { output } = await cruise(globSync(['packages/*/{src,test}', 'e2e', 'bench', 'scripts']), {
  ...options,
  ruleSet: { forbidden: rules },
  validate: true,
});
if (typeof output === 'string') throw new TypeError('dependency-cruiser answered with text');

const { violations } = output.summary;
for (const { rule, from, to } of violations) {
  const comment = rules.find(({ name }) => name === rule.name)?.comment ?? '';
  console.error(`${from} → ${to}\n    ${rule.name}: ${comment}`);
}

// Without a compiler that it knows, the tool skips TypeScript files without a word, and finds nothing to object to.
const seen = new Set(output.modules.map(({ source }) => source));
const unseen = globSync('packages/*/src/**/*.ts').filter((file) => !seen.has(file.replaceAll('\\', '/')));
for (const file of unseen) console.error(`${file}: not seen by dependency-cruiser`);

console.log(`${seen.size} modules, ${violations.length} forbidden imports, ${unseen.length} files not seen`);
process.exitCode = violations.length > 0 || unseen.length > 0 || seen.size === 0 ? 1 : 0;
