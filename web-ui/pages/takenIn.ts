/** Kinds of images that are taken in the same transfer syntaxes, the most of them first. */
export function bySyntaxes(
  storage: readonly { name: string; transferSyntaxes: readonly string[] }[],
): { transferSyntaxes: readonly string[]; names: readonly string[] }[] {
  const groups = Map.groupBy(storage, each => each.transferSyntaxes.toSorted().join())
  return [...groups.values()]
    .map(each => ({
      transferSyntaxes: each[0]?.transferSyntaxes ?? [],
      names: each.map(({ name }) => name),
    }))
    .sort((one, other) => other.names.length - one.names.length)
}
