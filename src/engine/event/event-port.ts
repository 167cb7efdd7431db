// What happens to containers, as a reader of the event log gets it.

export interface EventPort {
  /**
   * Events of a project's services (none: of all) in the order in which they happened, those of one-off containers left
   * out. With `since` from then on, else from now on; it ends at `until`, or when the signal fires.
   */
  read(request: EventRequest): AsyncIterable<ContainerEvent>;
}

export interface EventRequest {
  readonly project: string;
  readonly services: readonly string[];
  /** RFC 3339 instants. */
  readonly since?: string;
  readonly until?: string;
  readonly signal: AbortSignal;
}

export interface ContainerEvent {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly service: string;
  /** Of the container. */
  readonly id: string;
  /** `start`, `die`, `oom`, `health_status: healthy`, ... */
  readonly action: string;
  readonly attributes: Readonly<Record<string, string>>;
}
