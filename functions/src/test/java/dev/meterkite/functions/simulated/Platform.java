package dev.meterkite.functions.simulated;

/**
 * Where the emulator and the documented service differ in what the product can notice. Each is a
 * switch, so that both are played.
 *
 * @param eventsOfNoChange whether a write that changes nothing causes an event (emulator: yes,
 *     {@code updated} with equal update times; service: none)
 * @param eventsWithoutDocument whether the deletion of a missing document, and a document created
 *     and deleted in one commit, cause an event with neither state (emulator: yes)
 * @param namesChangedFields whether an event of an update names the fields that changed (service:
 *     yes; emulator: an empty mask)
 * @param wholeSeconds whether the time of an event is cut to seconds (emulator: yes)
 * @param largestEvent bytes of an event that is still delivered (service: 512 KiB, both states of
 *     the document together; emulator: any)
 * @param largestCommit bytes of a commit that is still accepted (service: 10 MiB; emulator: 4 MiB)
 * @param largestCommitIsInvalid whether a larger commit is refused for good (service:
 *     INVALID_ARGUMENT; emulator: RESOURCE_EXHAUSTED, which says nothing)
 * @param deletesExpired whether documents are deleted some time after they expire (service: yes)
 */
public record Platform(
    boolean eventsOfNoChange,
    boolean eventsWithoutDocument,
    boolean namesChangedFields,
    boolean wholeSeconds,
    int largestEvent,
    int largestCommit,
    boolean largestCommitIsInvalid,
    boolean deletesExpired) {

  private static final int KIB = 1_024;
  private static final int MIB = 1_024 * KIB;

  /** As the service is documented. */
  public static final Platform SERVICE =
      new Platform(false, false, true, false, 512 * KIB, 10 * MIB, true, true);

  /** As the emulator of CLI 528 behaves. */
  public static final Platform EMULATOR =
      new Platform(true, true, false, true, Integer.MAX_VALUE, 4 * MIB, false, false);
}
