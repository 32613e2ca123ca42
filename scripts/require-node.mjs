// Imported before anything else, and written for a Node of any age: an old one gets this line, not a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(
    `coffer: error: Node ${process.versions.node} is too old: install Node 20 or newer and try again`,
  );
  process.exit(1);
}
