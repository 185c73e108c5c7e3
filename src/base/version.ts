/** Version of the operator and of the command line tool; equal to that in package.json (a test compares them). */
export const version = '0.1.0';
