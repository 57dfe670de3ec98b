// Error numbers of WASI preview 1 that the host answers. 0 is success.

export const ERRNO = {
  success: 0,
  badf: 8,
  exist: 20,
  fault: 21,
  inval: 28,
  ilseq: 25,
  isdir: 31,
  mfile: 33,
  nametoolong: 37,
  noent: 44,
  nosys: 52,
  notdir: 54,
  notsup: 58,
  perm: 63,
  rofs: 69,
  spipe: 70,
  notcapable: 76,
} as const;

export type Errno = (typeof ERRNO)[keyof typeof ERRNO];
