// Which rules libseccomp's builder may not end on, so that nobody hands it such a set.

/** What counts of one rule. */
export interface RuleShape {
  readonly comparisons: number;
  /** All of them compare for equality, masked or not. */
  readonly onlyEquality: boolean;
}

/** Why libseccomp cannot be given these rules on one call, or undefined when it can. */
export function mayNotEnd(rules: readonly RuleShape[]): string | undefined {
  const joint = rules.filter(({ comparisons }) => comparisons > 1);
  return joint.length > 1 && joint.some(({ onlyEquality }) => !onlyEquality)
    ? 'its builder may not end for several rules that each compare several arguments, unless all compare for equality'
    : undefined;
}
