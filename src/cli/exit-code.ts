// The exit codes that are not an error's own.

/** `plan --detailed-exitcode`: there is something to do. */
export const changesExitCode = 100;
/** 128 + SIGINT. */
export const interruptedExitCode = 130;
/** 128 + SIGTERM. */
export const terminatedExitCode = 143;
