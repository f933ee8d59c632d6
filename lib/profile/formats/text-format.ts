// A policy format other than JSON: how its texts are recognised and parsed.
import type { Action } from '../../kernel/action.js';
import type { ProfileArchitectures, ProfileFormat, WrittenPolicy } from '../profile.js';
import type { Includes } from './common/includes.js';

/** The content of a text. */
interface WrittenText {
  readonly defaultAction: Action;
  readonly architectures: ProfileArchitectures;
  readonly policy: WrittenPolicy;
}

export interface TextFormat {
  readonly format: ProfileFormat;
  /** The name of the format in messages: `a policy of minijail`. */
  readonly name: string;
  /** Whether a text is probably in this format, by features that only this format has. */
  readonly is: (text: string) => boolean;
  /** Parses a text. Throws ProfileError. */
  readonly read: (text: string, file: string, includes: Includes) => WrittenText;
}
