import dcmjsDimse from 'dcmjs-dimse'

// It turns the root logger of `loglevel` to TRACE when it loads; it must not speak in the tests.
dcmjsDimse.log.disableAll()
const { Scp, constants, responses } = dcmjsDimse

/**
 * dcmjs-dimse as a node that takes every context in the first transfer syntax that is proposed,
 * answers an echo, and lets go; what else it does stands where it is needed.
 */
export class WillingScp extends Scp {
  override associationRequested(
    association: InstanceType<typeof dcmjsDimse.association.Association>,
  ): void {
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id)
      const [first] = context.getTransferSyntaxUids()
      context.setResult(constants.PresentationContextResult.Accept, first)
    }
    this.sendAssociationAccept()
  }

  override cEchoRequest(
    request: InstanceType<typeof dcmjsDimse.requests.CEchoRequest>,
    callback: (response: InstanceType<typeof responses.CEchoResponse>) => void,
  ): void {
    const response = responses.CEchoResponse.fromRequest(request)
    response.setStatus(constants.Status.Success)
    callback(response)
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse()
  }
}
