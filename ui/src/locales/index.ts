/** The languages. The build packs this module: see `packWords` in `build.mjs`. */
import type { Messages } from '../messages.js';
import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';

export const LOCALES: Record<string, Messages> = { en, de, ar };
