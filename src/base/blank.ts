/**
 * What nobody sees, as a class of characters: controls, formats, marks of direction, tags, what is private or not
 * assigned, all that Unicode says to leave out where it has no glyph, and every blank. The one symbol among them that
 * is a blank and is none by its properties is Braille's. A space, a tab and the end of a line are not among them.
 */
export const unseen = String.raw`(?![ \t\n])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`;

/** What words end by: the same, and blanks that everybody knows. */
export const blank = String.raw`[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`;

/**
 * Beyond ASCII, what has a glyph of its own to be told by: letters, marks and digits of the basic plane. Symbols and
 * punctuation may look like anything, a blank or what a shell takes apart by among it; beyond that plane letters of old
 * scripts are blank too.
 */
export const letter = String.raw`(?![\p{Default_Ignorable_Code_Point}\u{10000}-\u{10FFFF}])[\p{L}\p{M}\p{N}]`;
