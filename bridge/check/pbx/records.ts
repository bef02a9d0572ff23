import { recommendedMapping } from '../../../contracts/cdr-row/layout.ts'
import { isNo, isYes, last, sectionOf } from './conf.ts'
import { type Finding, finding, type Pbx, type Rule, rootFiles } from './model.ts'

/** Call records: written, written at once, and of every call. */
export const recordRules: Rule = (pbx) => {
  const conf = pbx.conf('cdr.conf')
  const general = sectionOf(conf, 'general')
  const found: Finding[] = []
  const [enable, batch, unanswered] = [last(general, 'enable'), last(general, 'batch'), last(general, 'unanswered')]
  if (enable && isNo(enable.value))
    found.push(finding('cdr-settings', 'failed', enable, 'call records are turned off', 'In cdr.conf:\nenable = yes'))
  if (batch && isYes(batch.value)) {
    const reason =
      'Asterisk keeps records in memory and writes them later (batch mode): they are late, and lost in a crash'
    found.push(finding('cdr-batch', 'warning', batch, reason, 'In cdr.conf:\nbatch = no'))
  }
  if (unanswered && isNo(unanswered.value)) {
    const reason = 'Asterisk writes no record of a call that nobody answers and that dialled nobody'
    found.push(finding('cdr-unanswered', 'warning', unanswered, reason, 'In cdr.conf:\nunanswered = yes'))
  }
  if (pbx.isWhole && !hasOutput(pbx)) {
    const place = general ?? conf ?? { file: 'modules.conf', line: 1 }
    const reason = 'no call record is written anywhere: neither a file nor a database is set up'
    found.push(finding('cdr-output', 'failed', place, reason, `In cdr_custom.conf:\n${recommendedMapping}`))
  }
  return found
}

function hasOutput(pbx: Pbx): boolean {
  const settings = (file: string, section: string) => (sectionOf(pbx.conf(file), section)?.settings.length ?? 0) > 0
  return (
    settings('cdr_custom.conf', 'mappings') ||
    sectionOf(pbx.conf('cdr.conf'), 'csv') !== undefined ||
    settings('cdr_mysql.conf', 'global') ||
    settings('cdr_odbc.conf', 'global') ||
    settings('cdr_pgsql.conf', 'global') ||
    (pbx.conf('cdr_adaptive_odbc.conf')?.sections.length ?? 0) > 0 ||
    (pbx.conf('cdr_custom.conf')?.sections ?? []).some((one) => last(one, 'fields') !== undefined)
  )
}

/** Files that Asterisk cannot read as they stand. */
export const syntaxRules: Rule = (pbx) =>
  [...pbx.files.keys()].flatMap((name): Finding[] => {
    const conf = rootFiles.includes(name) ? pbx.conf(name) : undefined
    if (!conf) return []
    return [
      ...conf.unreadable.map((line) =>
        finding(
          'conf-syntax',
          'warning',
          line,
          `Asterisk ignores this line: ${line.reason}`,
          'Correct or delete the line',
        ),
      ),
      ...conf.missing.map((line) =>
        finding(
          'conf-include',
          'failed',
          line,
          `${line.pattern} does not exist: Asterisk loads nothing of ${name}`,
          'Create the file, or write #tryinclude',
        ),
      ),
    ]
  })
