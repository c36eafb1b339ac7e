/** The one engine, GroupCommit, and the few Firestore classes that everybody uses. */
@NullMarked
package dev.meterkite.functions.store;

import org.jspecify.annotations.NullMarked;
