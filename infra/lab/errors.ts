import { SwitchhookError } from '../../contracts/errors.ts'

export class NamespacesMissingError extends SwitchhookError {
  readonly errorId = 'lab-no-namespaces'
  constructor(reason: string) {
    super(
      `The laboratory builds networks of its own, which needs root or user namespaces (${reason}): run it as root, or allow user namespaces ` +
        'with sysctl kernel.unprivileged_userns_clone=1 (Debian) or kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu). Many containers have neither.',
    )
  }
}

export class LabProgramsMissingError extends SwitchhookError {
  readonly errorId = 'lab-programs-missing'
  constructor(packages: readonly string[]) {
    super(`The laboratory needs programs that are missing: apt-get install ${packages.join(' ')}`)
  }
}

export class LabUsageError extends SwitchhookError {
  readonly errorId = 'lab-usage'
  readonly exitStatus = 64
  constructor(reason: string, usage: string, options?: ErrorOptions) {
    super(`${reason}\n\n${usage}`, options)
  }
}

export class LabCommandError extends SwitchhookError {
  readonly errorId = 'lab-command-failed'
  constructor(command: string, output: string) {
    super(`The laboratory could not run ${command}: ${output.trim() || 'no output'}`)
  }
}

export class LabStuckError extends SwitchhookError {
  readonly errorId = 'lab-stuck'
  constructor(what: string, seconds: number) {
    super(
      `The laboratory waited ${seconds} s for ${what}: the machine may be too busy. Run it again; the trace of this situation is kept.`,
    )
  }
}

export class LabDifferenceError extends SwitchhookError {
  readonly errorId = 'lab-differs'
  constructor(differences: readonly string[]) {
    super(`Not as expected:\n${differences.join('\n')}`)
  }
}
