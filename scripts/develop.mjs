import './require-node.mjs';

// Installs and builds what is missing, then runs a script of the project on its own Node: `node scripts/develop.mjs FILE`.
void import('./toolchain.mjs').then(({ command, endLike, passThrough, prepare }) =>
  command(async () => {
    const node = await prepare('full');
    endLike(await passThrough(node, process.argv.slice(2)));
  }),
);
