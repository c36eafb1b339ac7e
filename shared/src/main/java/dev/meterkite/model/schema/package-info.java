/** Names of collections and fields, document ids, and the checked reading of documents. */
@NullMarked
package dev.meterkite.model.schema;

import org.jspecify.annotations.NullMarked;
