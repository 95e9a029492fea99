/** The bytes are no image, a damaged one, or of a kind that cannot be read. Its message is a sentence for the sender. */
export class UnreadableImage extends Error {
  override readonly name = 'UnreadableImage';
}
