// Did-you-mean, where the readers of profiles look for it.
export { closest, didYouMean, quote } from '../policy/suggest.js';
