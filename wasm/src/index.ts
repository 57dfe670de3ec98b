// The guests that come with Trine: loading them, and the inputs and meaning of the demonstration jobs.
export {
  COLLATZ_START,
  type CollatzAnswer,
  collatzInput,
  collatzShared,
  decodeCollatz,
} from './collatz.ts';
export {
  FRACTAL_VIEW,
  type FractalView,
  fractalInputs,
  fractalPalette,
} from './fractal.ts';
export {
  GUEST_NAMES,
  type GuestCase,
  type GuestCases,
  type GuestName,
  type LoadedGuest,
  loadCases,
  loadExample,
  loadGuest,
} from './guests.ts';
export { assembleImage, blankPicture, drawTile, type Picture } from './image.ts';
export { type GuestManifest, type ImageOutput, parseManifest } from './manifest.ts';
export {
  decodeMersenne,
  EXPONENT_MAX_DEMO,
  MERSENNE_EXPONENTS,
  type MersenneAnswer,
  mersenneInputs,
} from './mersenne.ts';
export {
  type Body,
  decodeNbody,
  type NbodyAnswer,
  type NbodyRun,
  nbodyInput,
  nbodyShared,
  solarSystem,
} from './nbody.ts';
export { encodePng } from './png.ts';
