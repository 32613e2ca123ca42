import './require-node.mjs';

// Not a top-level await, which a very old Node cannot parse.
void import('./toolchain.mjs').then(({ command, endLike, passThrough, prepare }) =>
  command(async () => {
    const node = await prepare('runtime');
    endLike(await passThrough(node, ['packages/server/dist/main.js', ...process.argv.slice(2)]));
  }),
);
