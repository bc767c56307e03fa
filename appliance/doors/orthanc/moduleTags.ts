import type { Level } from '../../holdings/catalog/catalog.ts'
import { tagOf } from '../../standard/dicom/dicom.ts'

/**
 * The attributes of the Patient, General Study, General Series and SOP Common modules (PS3.3
 * §C.7.1.1, §C.7.2.1, §C.7.3.1, §C.12.1), as far as Orthanc shows them under each level.
 */
const keywords: Record<Level, string> = {
  Patient: `PatientName PatientID PatientBirthDate PatientSex OtherPatientIDs IssuerOfPatientID
    IssuerOfPatientIDQualifiersSequence ReferencedPatientSequence PatientBirthTime OtherPatientNames
    OtherPatientIDsSequence EthnicGroup PatientComments PatientSpeciesDescription
    PatientSpeciesCodeSequence PatientBreedDescription PatientBreedCodeSequence
    BreedRegistrationSequence ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization
    PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence TypeOfPatientID
    StrainDescription StrainNomenclature StrainCodeSequence StrainAdditionalInformation
    StrainStockSequence GeneticModificationsSequence PatientBirthDateInAlternativeCalendar
    PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar QualityControlSubject
    GroupOfPatientsIdentificationSequence SourcePatientGroupIdentificationSequence
    SubjectRelativePositionInImage ReferencedPatientPhotoSequence`,
  Study: `StudyDate StudyTime StudyID AccessionNumber StudyInstanceUID StudyDescription
    ReferringPhysicianName ReferringPhysicianIdentificationSequence ConsultingPhysicianName
    ConsultingPhysicianIdentificationSequence IssuerOfAccessionNumberSequence PhysiciansOfRecord
    PhysiciansOfRecordIdentificationSequence NameOfPhysiciansReadingStudy
    PhysiciansReadingStudyIdentificationSequence RequestingServiceCodeSequence
    ReferencedStudySequence ProcedureCodeSequence ReasonForPerformedProcedureCodeSequence
    StudyUpdateDateTime`,
  Series: `Modality SeriesInstanceUID SeriesNumber Laterality SeriesDate SeriesTime
    PerformingPhysicianName PerformingPhysicianIdentificationSequence ProtocolName
    SeriesDescription SeriesDescriptionCodeSequence OperatorsName
    OperatorIdentificationSequence ReferencedPerformedProcedureStepSequence
    RelatedSeriesSequence BodyPartExamined PatientPosition SmallestPixelValueInSeries
    LargestPixelValueInSeries RequestAttributesSequence PerformedProcedureStepID
    PerformedProcedureStepStartDate PerformedProcedureStepStartTime
    PerformedProcedureStepEndDate PerformedProcedureStepEndTime
    PerformedProcedureStepDescription PerformedProtocolCodeSequence
    CommentsOnThePerformedProcedureStep AnatomicalOrientationType TreatmentSessionUID`,
  Instance: `SOPClassUID SOPInstanceUID SpecificCharacterSet InstanceCreationDate
    InstanceCreationTime InstanceCoercionDateTime InstanceCreatorUID RelatedGeneralSOPClassUID
    OriginalSpecializedSOPClassUID CodingSchemeIdentificationSequence ContextGroupIdentificationSequence
    MappingResourceIdentificationSequence TimezoneOffsetFromUTC ContributingEquipmentSequence
    InstanceNumber SOPInstanceStatus SOPAuthorizationDateTime SOPAuthorizationComment
    AuthorizationEquipmentCertificationNumber MACParametersSequence DigitalSignaturesSequence
    EncryptedAttributesSequence OriginalAttributesSequence HL7StructuredDocumentReferenceSequence
    LongitudinalTemporalInformationModified QueryRetrieveView ConversionSourceAttributesSequence
    ContentQualification PrivateDataElementCharacteristicsSequence InstanceOriginStatus
    BarcodeValue`,
}

const sets = new Map<Level, ReadonlySet<number>>()

export function moduleTags(level: Level): ReadonlySet<number> {
  let set = sets.get(level)
  if (!set) {
    const tags = keywords[level].split(/\s+/).map(keyword => tagOf(keyword))
    set = new Set(tags.filter(tag => tag !== undefined))
    sets.set(level, set)
  }
  return set
}
