import { buildImage, busyboxFiles, removeImages } from '../../infra/demo/images.mjs'
import type { TestEngine } from './docker.ts'

export type TestImage = { readonly tag: string; readonly remove: () => Promise<void> }

/** An image of busybox and its applets under a tag of this process. Throws where the machine has no busybox. */
export const busyboxImage = async ({ engine }: Pick<TestEngine, 'engine'>, purpose: string): Promise<TestImage> => {
  const files = await busyboxFiles()
  if (files === undefined) throw new Error("the tests need busybox on this machine (Debian's package busybox-static)")
  const tag = `muster-test-${purpose}:${process.pid}`
  const image = await buildImage({ engine, tag, files, cmd: ['sh'] })
  return {
    tag,
    remove: async () => {
      if (image.kind === 'made') await removeImages({ engine, images: [image] })
    },
  }
}
