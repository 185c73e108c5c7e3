/** Version of the operator; equal to that in package.json (a test compares them). */
export const version = '0.1.0';
