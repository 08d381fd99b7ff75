/**
 * The local Hugging Face cache, by the variables that its own tools go by.
 * @param home the user's folder
 */
export function hubFolder(
  { HF_HOME, HF_HUB_CACHE }: Record<string, string | undefined>,
  home: string,
): string {
  return HF_HUB_CACHE ?? `${HF_HOME ?? `${home}/.cache/huggingface`}/hub`;
}

/** The folders of a model's revisions in it, as a pattern. @param repository OWNER/NAME */
export const snapshotsOf = (repository: string): string =>
  `models--${repository.replace('/', '--')}/snapshots/*`;
