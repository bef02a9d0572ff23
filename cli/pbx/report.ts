import type { Finding } from '../../bridge/check/pbx/model.ts'

/** One line a finding, what to do below it, and a summary. */
export function asText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ state, id, file, line, reason, repair }) => [
    `${state.padEnd(8)} ${file}:${line}  ${reason} [${id}]`,
    ...repair
      .trimEnd()
      .split('\n')
      .map((text) => `${' '.repeat(9)}${text}`),
  ])
  const failed = findings.filter(({ state }) => state === 'failed').length
  const summary =
    findings.length === 0
      ? 'Nothing wrong was found.'
      : `${findings.length} findings: ${failed} failed, ${findings.length - failed} to look at.`
  return [...lines, ...(lines.length > 0 ? [''] : []), summary].join('\n')
}

/** SARIF 2.1.0, which code scanners and editors read. */
export function asSarif(findings: readonly Finding[]): string {
  const ids = [...new Set(findings.map(({ id }) => id))].sort()
  const rules = ids.map((id) => ({
    id,
    shortDescription: { text: id },
  }))
  const results = findings.map(({ id, state, reason, repair, file, line }) => ({
    ruleId: id,
    ruleIndex: ids.indexOf(id),
    level: state === 'failed' ? 'error' : 'warning',
    message: { text: `${reason}. ${repair}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region: { startLine: line } } }],
  }))
  const tool = { driver: { name: 'switchhook pbx check', rules } }
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{ tool, results }] }
  return JSON.stringify(log, undefined, 2)
}
