// Reads the tables that ship as text in data/. They are large, and loaded lazily.
import { packageText } from '../util/host/read-text.js';

export const dataLines = (name: string): readonly string[] =>
  (packageText(`data/${name}`) ?? '').trimEnd().split('\n');
