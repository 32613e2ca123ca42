/** What `read` makes of the arguments; one line and exit code 2 where it cannot. */
export function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(`${(error as Error).message.split('\n')[0]}; see --help`);
    process.exit(2);
  }
}
