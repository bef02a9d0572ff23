import { constants, setPriority } from 'node:os'

/** Setup file: the worker's process yields to every other process, so that it does not slow those that measure latency. */
setPriority(constants.priority.PRIORITY_LOW)
