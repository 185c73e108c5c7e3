/** What gates keep a namespace by, those of steps and those of the migration (`spec.gates`), and the way out of it. */
export const gateWaysOut = {
  GateFailed: {
    meaning:
      'A gate of spec.gates shows that more goes wrong since the restarts than is allowed, that what came before does not come any more, or that an alert fires.',
    remedy: 'Look at status.gates of the namespace, repair what it counts, then start again',
    command: 'GoOn',
  },
  GateHeld: {
    meaning: 'The same, where the gate says that a person decides (onFail: Pause). The namespace stays where it is.',
    remedy:
      'Look at status.gates of the namespace, and roll it back, or repair what it counts. To go on, with all counted anew',
    command: 'GoOn',
  },
  GateLost: {
    meaning: 'Something that a step had reached is gone again, a waypoint that is not available any more for example.',
    remedy: 'Repair what the message names; it goes on by itself.',
  },
  GateNotReached: {
    meaning:
      'What a step made did not take effect in time: a waypoint did not become ready, or istiod did not accept a copy.',
    remedy: 'Repair what the message names, then start again',
    command: 'GoOn',
  },
  GateUndecided: {
    meaning:
      'A gate of spec.gates has not shown within its deadline that the namespace is well: too little is counted, or Prometheus cannot be asked. The namespace stays where it is and holds no slot.',
    remedy:
      'Have it called, repair what the message names, or say by noData of the gate what it means; it goes on by itself. Or go back',
    command: 'GoBack',
  },
} as const;
