// A policy format other than JSON: how its texts are recognised and parsed.
import type { Action } from '../../kernel/action.js';
import type { ProfileArchitectures, ProfileFormat, WrittenPolicy } from '../profile.js';
import type { Includes } from './common/includes.js';

/** A text that has been read. */
interface WrittenText {
  readonly defaultAction: Action;
  readonly architectures: ProfileArchitectures;
  readonly policy: WrittenPolicy;
}

export interface TextFormat {
  readonly format: ProfileFormat;
  /** What its texts are called in messages: `a policy of minijail`. */
  readonly name: string;
  /** Whether a text is probably in this format, by features that only its texts have. */
  readonly is: (text: string) => boolean;
  /** Throws ProfileError. */
  readonly read: (text: string, file: string, includes: Includes) => WrittenText;
}
