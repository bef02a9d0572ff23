import { render } from 'preact'
import { App } from './components/app.tsx'

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app')
render(<App />, root)
