export type Point = { readonly x: number; readonly y: number }

/** The slope of the straight line that lies nearest to the points (least squares); 0 for fewer than two. */
export const slopeOf = (points: readonly Point[]): number => {
  const count = points.length
  if (count < 2) return 0
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count
  const variance = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  const covariance = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0)
  return variance === 0 ? 0 : covariance / variance
}
