/** The namespaces of the demo, each with the pods of its workloads; the manifests are in files of the same names. */
export const pods = { bookinfo: 6, 'bookinfo-ratings': 3, 'bookinfo-shop': 3, 'bookinfo-admin': 1 } as const;

/** One of them. */
export type DemoNamespace = keyof typeof pods;

/** In the order in which they are shown. */
export const namespaces = Object.keys(pods) as readonly DemoNamespace[];
