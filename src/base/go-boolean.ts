import { own } from './own.ts';

const booleans: Readonly<Record<string, boolean>> = {
  1: true,
  t: true,
  T: true,
  TRUE: true,
  true: true,
  True: true,
  0: false,
  f: false,
  F: false,
  FALSE: false,
  false: false,
  False: false,
};

/** What Go's strconv.ParseBool makes of a text; undefined where it makes nothing of it. */
export function goBoolean(value: string): boolean | undefined {
  return own(booleans, value);
}
