// Labels that stand for no word.

export const SILENCE = "_silence_";
export const UNKNOWN = "_unknown_";
