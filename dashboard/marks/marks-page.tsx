import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import type { Grade } from '../../contracts/grades.ts'
import { gradeRoutes } from '../../contracts/routes/grades.ts'
import { FilterField } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { Empty, Failure } from '../components/states.tsx'
import { number, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { refusalSentence } from '../refusals.ts'
import { addressOf, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { MarkDrawer } from './mark-drawer.tsx'
import { UploadPanel } from './upload-panel.tsx'

const pageRows = 100

/** Marks by student: list, look up, correct, hear, and upload a file. */
export function MarksPage({ item, query }: Route) {
  const { connection, board, may } = useSession()
  const [written, setWritten] = useState(0)
  const [more, setMore] = useState<{ of: string; pages: { grades: Grade[]; cursor: string | undefined }[] }>()
  const api = useMemo(() => createApi(connection, gradeRoutes), [connection])
  const key = board.isLoaded && may('grades:read') ? `marks ${written}` : undefined
  const first = useLoad(
    key,
    async () => (await api('GET /v1/sites/{site}/grades', { query: { limit: pageRows } })).body,
  )
  const [failure, setFailure] = useState<string>()
  const typed = query.get('q') ?? ''
  const text = typed.trim()
  const pages = more?.of === key ? (more?.pages ?? []) : []
  const cursor = pages.length > 0 ? pages.at(-1)?.cursor : first.data?.cursor
  const all = [...(first.data?.grades ?? []), ...pages.flatMap(({ grades }) => grades)]
  const shown = all.filter(({ matricule }) => matricule.startsWith(text))
  const isUpload = item === 'upload'
  const readMore = async () => {
    try {
      const { body } = await api('GET /v1/sites/{site}/grades', {
        query: { limit: pageRows, ...(cursor && { cursor }) },
      })
      setMore({ of: key ?? '', pages: [...pages, { grades: body.grades, cursor: body.cursor }] })
      setFailure(undefined)
    } catch (error) {
      setFailure(refusalSentence(error))
    }
  }
  const isUnlisted = /^\d{3,12}$/.test(text) && shown.length === 0
  return (
    <main class={item === undefined || isUpload ? undefined : 'with-drawer'}>
      <header class="top">
        <h1>{t('page.marks')}</h1>
        <FilterField label={t('marks.student')} value={typed} />
        {may('grades:write') && (
          <span class="end">
            <a class="button primary" href={addressOf('marks', 'upload')}>
              <Icon name="upload" small />
              {t('marks.upload')}
            </a>
          </span>
        )}
      </header>
      <div class="page">
        {isUpload && may('grades:write') && <UploadPanel onWritten={() => setWritten((count) => count + 1)} />}
        {may('grades:read') ? (
          <Panel title={t('page.marks')} note={first.data && t('marks.shown', { count: number(all.length) })}>
            <Failure text={first.failure ?? failure} onRetry={first.failure ? first.reload : readMore} />
            {shown.length > 0 && <Marks marks={shown} opened={item} query={query} mayWrite={may('grades:write')} />}
            {isUnlisted && (
              <p class="pad">
                <a class="link" href={addressOf('marks', text, query)}>
                  {t('marks.lookUp', { student: text })}
                </a>
              </p>
            )}
            {first.data && all.length === 0 && (
              <Empty icon="marks" title={t('marks.none')}>
                <p>{t('marks.noneHint')}</p>
              </Empty>
            )}
            {cursor !== undefined && (
              <p class="list-end">
                <button type="button" class="link" onClick={readMore}>
                  {t('marks.more')}
                </button>
              </p>
            )}
          </Panel>
        ) : (
          board.isLoaded && <p class="note">{t('marks.notListed')}</p>
        )}
      </div>
      {item !== undefined && !isUpload && (
        <MarkDrawer
          key={item}
          matricule={item}
          backTo={addressOf('marks', undefined, query)}
          onWritten={() => setWritten((count) => count + 1)}
        />
      )}
    </main>
  )
}

interface MarksProps {
  marks: readonly Grade[]
  opened: string | undefined
  query: URLSearchParams
  mayWrite: boolean
}

function Marks({ marks, opened, query, mayWrite }: MarksProps) {
  return (
    <TableBox label={t('page.marks')}>
      <table class="mark-table">
        <thead>
          <tr>
            <th scope="col">{t('marks.student')}</th>
            <th scope="col" class="figure">
              {t('marks.note')}
            </th>
            <th scope="col">{t('marks.honours')}</th>
            <th scope="col">{t('marks.changed')}</th>
            <th scope="col">
              <span class="visually-hidden">{t('keys.open')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {marks.map(({ matricule, note, mention, updatedAt }) => (
            <tr key={matricule} class={matricule === opened ? 'opened' : undefined}>
              <th scope="row">{matricule}</th>
              <td class="figure">{number(note, { minimumFractionDigits: 2 })}</td>
              <td lang="fr">{mention}</td>
              <td>{dateTimeOf(updatedAt)}</td>
              <td class="figure">
                <a class="link" href={addressOf('marks', matricule, query)} data-row>
                  {t(mayWrite ? 'marks.correct' : 'keys.open')}
                  <span class="visually-hidden"> {matricule}</span>
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  )
}
