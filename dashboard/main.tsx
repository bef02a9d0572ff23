import { render } from 'preact'
import { App } from './frame/app.tsx'
import { startKeyboard } from './keyboard.ts'
import { startLanguage } from './language.ts'
import { followLinks } from './router.ts'
import { startTheme } from './theme.ts'

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app')
startTheme()
startLanguage()
startKeyboard()
document.addEventListener('click', followLinks)
render(<App />, root)
