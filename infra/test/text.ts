/** A value of a template as text, for comparisons that do not care how it is put together. */
export const text = (value: unknown): string => JSON.stringify(value);
