// SPDX-License-Identifier: EUPL-1.2

interface ScriptUrlPolicy {
  createScriptURL(url: string): URL
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy
}

/** A module worker of this site, `url` being an absolute path; the only policy that our pages allow is made for it. */
export function startWorker(url: string): Worker {
  if (!/^\/[\w./-]+\.js$/.test(url)) throw new Error(`not a script of this site: ${url}`)
  // Not in TypeScript's library yet: https://developer.mozilla.org/docs/Web/API/Trusted_Types_API
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('sigille', { createScriptURL: (trusted) => trusted })
  return new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' })
}
