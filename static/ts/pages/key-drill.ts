// SPDX-License-Identifier: EUPL-1.2
// « Exercice de déchiffrement »: the key file opens a challenge on this computer. Also proves a key pair that was never proven.
import { canUseCryptography, type IssuedChallenge, KeyFileFields, prove } from './keys/proof'
import { find, hasTemplate, say } from './page/elements'
import { Failure, sayError } from './page/errors'
import { postJson } from './page/server'

function bindDrill(section: HTMLElement): void {
  const form = find(section, '[data-drill-form]', HTMLFormElement)
  const [status, error] = [find(form, '[data-status]', HTMLElement), find(form, '[data-error]', HTMLElement)]
  const button = find(form, '[type=submit]', HTMLButtonElement)
  if (!canUseCryptography(error)) {
    button.disabled = true
    return
  }
  const fields = new KeyFileFields(form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!button.disabled) void drill()
  })

  async function drill(): Promise<void> {
    button.disabled = true
    error.replaceChildren()
    try {
      showProof(section, await proveKey(section, fields, status))
      say(status, 'proven')
      fields.clear()
    } catch (failure) {
      status.replaceChildren()
      sayError(error, failure)
    } finally {
      button.disabled = false
    }
  }
}

async function proveKey(section: HTMLElement, fields: KeyFileFields, status: HTMLElement): Promise<string> {
  const { challengeUrl, fingerprint, csrf } = section.dataset
  if (challengeUrl === undefined || fingerprint === undefined || csrf === undefined) throw new Failure('unexpected')
  say(status, 'opening')
  const pair = await fields.read(fingerprint)
  say(status, 'proving')
  const issued = (await postJson(challengeUrl, {}, csrf)) as IssuedChallenge
  return await prove(pair, issued, csrf)
}

/** Brings the facts above up to date. */
function showProof(section: HTMLElement, provenAt: string): void {
  find(document, '[data-proven-at]', HTMLElement).textContent = provenAt
  if (hasTemplate(section, 'active_badge')) say(find(document, '[data-health]', HTMLElement), 'active_badge')
}

for (const section of document.querySelectorAll<HTMLElement>('[data-drill]')) bindDrill(section)
