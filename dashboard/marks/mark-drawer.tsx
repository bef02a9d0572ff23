import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { type Grade, type Honour, honours } from '../../contracts/grades.ts'
import { gradeRoutes } from '../../contracts/routes/grades.ts'
import { type Language, languages, sayGrade } from '../../contracts/spoken-mark.ts'
import { Drawer } from '../components/drawer.tsx'
import { Select, TextField } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Content, Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'

interface MarkDrawerProps {
  matricule: string
  backTo: string
  onWritten: () => void
}

/** One mark: what the caller hears, and the form that corrects it. */
export function MarkDrawer({ matricule, backTo, onWritten }: MarkDrawerProps) {
  const { connection, board } = useSession()
  const api = useMemo(() => createApi(connection, gradeRoutes), [connection])
  const mark = useLoad(board.isLoaded ? matricule : undefined, async (signal) => {
    const { body, headers } = await api('GET /v1/sites/{site}/grades/{matricule}', { path: { matricule }, signal })
    return { grade: body, etag: headers.get('etag') ?? '' }
  })
  return (
    <Drawer title={t('marks.of', { student: matricule })} backTo={backTo}>
      <Content of={mark}>
        {({ grade, etag }) => (
          <>
            <Sentences grade={grade} />
            <Correction
              key={etag}
              grade={grade}
              etag={etag}
              onWritten={() => {
                mark.reload()
                onWritten()
              }}
              onReload={mark.reload}
            />
          </>
        )}
      </Content>
    </Drawer>
  )
}

/** The sentence that the voice menu speaks, in each of its languages; the browser reads it aloud. */
function Sentences({ grade }: { grade: Grade }) {
  return (
    <div class="section">
      <h3>{t('marks.heard')}</h3>
      {languages.map((language: Language) => (
        <p key={language} class="sentence">
          {'speechSynthesis' in globalThis && (
            <button
              type="button"
              class="button square"
              aria-label={t('marks.play', { language: t(`language.${language}`) })}
              onClick={() => speak(sayGrade(grade, language), language)}
            >
              <Icon name="play" />
            </button>
          )}
          <q lang={language}>{sayGrade(grade, language)}</q>
        </p>
      ))}
    </div>
  )
}

function speak(text: string, language: Language): void {
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.lang = language === 'fr' ? 'fr-FR' : 'en-GB'
  speechSynthesis.cancel()
  speechSynthesis.speak(utterance)
}

interface CorrectionProps {
  grade: Grade
  etag: string
  onWritten: () => void
  onReload: () => void
}

/** The API refuses a correction if someone else has changed the mark since it was read. */
function Correction({ grade, etag, onWritten, onReload }: CorrectionProps) {
  const { connection, may } = useSession()
  const { say } = useShell()
  const action = useAction()
  const [note, setNote] = useState(String(grade.note))
  const [mention, setMention] = useState<Honour | ''>('')
  const { matricule } = grade
  if (!may('grades:write')) return null
  const typed = Number(note.replace(',', '.'))
  const isNumber = note.trim() !== '' && Number.isFinite(typed)
  const write = async () => {
    await createApi(connection, gradeRoutes)('PUT /v1/sites/{site}/grades/{matricule}', {
      path: { matricule },
      body: { note: typed, ...(mention !== '' && { mention }) },
      headers: { 'if-match': etag },
    })
    say({ text: t('marks.saved', { student: matricule }), undo: undefined })
    onWritten()
  }
  return (
    <form
      class="section stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (isNumber) action.run(write)
      }}
    >
      <h3>{t('marks.correct')}</h3>
      <TextField
        label={t('marks.note')}
        value={note}
        onInput={setNote}
        required
        hint={isNumber ? '' : t('marks.notNumber')}
      />
      <Select
        label={t('marks.honours')}
        value={mention}
        options={[['', t('marks.byScale')] as const, ...honours.map((name) => [name, name] as const)]}
        onChoose={setMention}
      />
      <Failure text={action.failure} onRetry={onReload} />
      <button type="submit" class="button primary" aria-disabled={action.isBusy || !isNumber}>
        {t('action.save')}
      </button>
    </form>
  )
}
