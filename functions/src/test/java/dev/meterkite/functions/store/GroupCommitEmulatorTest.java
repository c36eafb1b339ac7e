package dev.meterkite.functions.store;

import java.util.concurrent.CompletableFuture;

class GroupCommitEmulatorTest extends GroupCommitContract {
  private final EmulatedStore emulated = new EmulatedStore();

  @Override
  Store store() {
    return emulated.store();
  }

  @Override
  Turns turns() {
    return new Pauses();
  }

  @Override
  <T> T await(CompletableFuture<T> call) {
    return call.join();
  }

  @Override
  long roundTrips() {
    return emulated.calls("Commit")
        + emulated.calls("BatchGetDocuments")
        + emulated.calls("RunQuery");
  }
}
