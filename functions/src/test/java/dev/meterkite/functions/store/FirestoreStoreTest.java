package dev.meterkite.functions.store;

import java.util.concurrent.CompletableFuture;

class FirestoreStoreTest extends StoreQueryContract {
  private final EmulatedStore emulated = new EmulatedStore();

  @Override
  Store store() {
    return emulated.store();
  }

  @Override
  <T> T await(CompletableFuture<T> call) {
    return call.join();
  }
}
