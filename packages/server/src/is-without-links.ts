/** As FAT and some that are mounted over a network: a name that was given in any other way could replace another file. */
export function isWithoutLinks(error: unknown): boolean {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return syscall === 'link' && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code);
}
