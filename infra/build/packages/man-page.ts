/** Returns the man page of the bridge in roff, from what `--help` prints. */
export function manPage(help: string, version: string): string {
  const [about = '', ...rest] = help.trimEnd().split('\n\n')
  const description = about.replace(/^switchhook-bridge /, '').replace(/\.$/, '')
  const commands = rest.join('\n\n')
  return `.TH SWITCHHOOK-BRIDGE 8 "" "Switchhook ${version}"
.SH NAME
switchhook\\-bridge \\- ${escapeRoff(description)}
.SH SYNOPSIS
.nf
${escapeRoff(synopsisOf(commands))}
.fi
.SH DESCRIPTION
.nf
${escapeRoff(commands)}
.fi
.SH FILES
.TP
/etc/switchhook/bridge.json
Configuration, which setup writes.
.TP
/etc/switchhook/setup\\-undo.json
Files as they were before setup, for setup \\-\\-undo.
.TP
/var/lib/switchhook
Key, enrolment, spool and positions: what the bridge must not lose.
.SH SEE ALSO
.BR asterisk (8),
.BR journalctl (1)
`
}

/** The first line of each command. */
function synopsisOf(commands: string): string {
  return commands
    .split('\n')
    .filter((line) => /^ {2}switchhook-bridge/.test(line))
    .map((line) => line.trim())
    .join('\n')
}

/** A dot or an apostrophe at the beginning of a line is a request of roff, and a bare hyphen a line break. */
function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&')
}
