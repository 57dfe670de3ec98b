// What a page needs of the guests: pictures from tiles and answers from bytes, without any Node API.
export { assembleImage, blankPicture, drawTile, type Picture } from './image.ts';
export type { ImageOutput } from './manifest.ts';
export { decodeMersenne, MERSENNE_EXPONENTS, type MersenneAnswer } from './mersenne.ts';
