/** Where the mesh as a whole is configured. */
export interface MeshPlace {
  /** Namespace of the control plane, and of the configuration that it starts with. */
  readonly controlPlaneNamespace: string;
  /** Where policies that apply to the whole mesh are, as that configuration says. */
  readonly rootNamespace: string;
  /** One more namespace of what runs on every node for the mesh; absent if nobody has named one. */
  readonly nodeAgentsNamespace?: string | undefined;
  /**
   * Where nobody can be asked for the configuration of the mesh, as of manifests: what is not there is as in a bare
   * installation.
   */
  readonly assumesDefaults?: true;
}
