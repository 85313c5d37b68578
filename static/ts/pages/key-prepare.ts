// SPDX-License-Identifier: EUPL-1.2
// « Se préparer à dépouiller »: this computer is tried, then the key opens a challenge on it; what was found is kept by the site.
import { type IssuedChallenge, KeyFileFields, prove } from './keys/proof'
import { find, findAll, say } from './page/elements'
import { Failure, sayError } from './page/errors'
import { postJson } from './page/server'
import {
  browserOf,
  checkCryptography,
  checkFiles,
  checkPersistence,
  checkSpace,
  checkSpeed,
  type Finding,
  NOT_SECURE,
  type Verdict,
} from './prepare/computer'

const GRAVITY: readonly Verdict[] = ['ok', 'warning', 'failed']

class PreparationPage {
  readonly #root: HTMLElement
  readonly #button: HTMLButtonElement
  readonly #fields: KeyFileFields | undefined
  readonly #verdicts: Record<string, Verdict> = {}
  #rate = 0

  constructor(root: HTMLElement) {
    this.#root = root
    const form = find(root, '[data-prepare-form]', HTMLFormElement)
    this.#button = find(form, '[type=submit]', HTMLButtonElement)
    const wanted = findAll(root, '[data-held]').map(({ dataset }) => dataset.fingerprint ?? '')
    this.#fields = wanted.length === 0 ? undefined : new KeyFileFields(form, wanted)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (!this.#button.disabled) void this.#run()
    })
  }

  async #run(): Promise<void> {
    const [error, done] = [find(this.#root, '[data-error]', HTMLElement), find(this.#root, '[data-done]', HTMLElement)]
    const language = document.documentElement.lang
    this.#button.disabled = true
    error.replaceChildren()
    done.replaceChildren()
    await this.#check('cryptography', checkCryptography)
    await this.#check('files', checkFiles)
    await this.#check('persistence', checkPersistence)
    await this.#check('speed', async () => {
      const finding = await checkSpeed(language)
      this.#rate = Math.round(finding.rate)
      return finding
    })
    await this.#check('space', async () => await checkSpace(language))
    await this.#check('key', async () => await this.#drill())
    try {
      say(done, this.#worst, { instant: await this.#send() })
    } catch (failure) {
      sayError(error, failure)
    } finally {
      this.#button.disabled = false
    }
    done.focus()
  }

  /** Runs one check, and shows what it found where the page has its place. */
  async #check(name: string, run: () => Promise<Finding>): Promise<void> {
    const place = find(this.#root, `[data-check=${name}]`, HTMLElement)
    const [badge, detail] = [find(place, '[data-badge]', HTMLElement), find(place, '[data-detail]', HTMLElement)]
    say(badge, 'verdict_running')
    detail.replaceChildren()
    const verdict = await (isSecureContext ? run() : Promise.resolve(NOT_SECURE))
      .then(({ verdict, name: sentence, slots }) => {
        say(detail, sentence, slots)
        return verdict
      })
      .catch((failure: unknown): Verdict => {
        sayError(detail, failure)
        return 'failed'
      })
    this.#verdicts[name] = verdict
    place.dataset.verdict = verdict
    say(badge, `verdict_${verdict}`)
  }

  /** The exercise itself: the key chosen opens a challenge; its row shows the proof. */
  async #drill(): Promise<Finding> {
    const row = this.#chosen()
    if (row === undefined || this.#fields === undefined) return { verdict: 'failed', name: 'key_none' }
    const { challengeUrl, fingerprint } = row.dataset
    if (challengeUrl === undefined || fingerprint === undefined) throw new Failure('unexpected')
    const pair = await this.#fields.read(fingerprint)
    const issued = (await postJson(challengeUrl, {}, this.#csrf)) as IssuedChallenge
    const instant = await prove(pair, issued, this.#csrf)
    this.#fields.clear()
    showProof(row, instant)
    return { verdict: 'ok', name: 'key_ok', slots: { instant } }
  }

  #chosen(): HTMLElement | undefined {
    const choice = this.#root.querySelector<HTMLInputElement>('[data-choice]:checked')
    return choice?.closest<HTMLElement>('[data-held]') ?? undefined
  }

  async #send(): Promise<string> {
    const { resultUrl } = this.#root.dataset
    if (resultUrl === undefined) throw new Failure('unexpected')
    const body = { browser: browserOf(navigator.userAgent), rate: this.#rate, ...this.#verdicts }
    const { prepared_at: instant } = (await postJson(resultUrl, body, this.#csrf)) as { prepared_at: string }
    return instant
  }

  /** The name of the sentence that sums up. */
  get #worst(): string {
    const worst = Math.max(...Object.values(this.#verdicts).map((verdict) => GRAVITY.indexOf(verdict)))
    return `prepared_${GRAVITY[worst] ?? 'failed'}`
  }

  get #csrf(): string {
    return this.#root.dataset.csrf ?? ''
  }
}

/** Brings the row of the key pair up to date. */
function showProof(row: HTMLElement, instant: string): void {
  find(row, '[data-proven-at]', HTMLElement).textContent = instant
  if (row.dataset.todo === 'prove') say(find(row, '[data-health-place]', HTMLElement), 'active_badge')
  if (row.dataset.todo !== 'prove' && row.dataset.todo !== 'drill') return
  row.dataset.todo = 'nothing'
  say(find(row, '[data-todo-place]', HTMLElement), 'todo_nothing')
}

for (const root of document.querySelectorAll<HTMLElement>('[data-prepare]')) new PreparationPage(root)
