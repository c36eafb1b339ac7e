/** What the model knows of a document store: names, fields, snapshots, queries. JDK types only. */
@NullMarked
package dev.meterkite.model.document;

import org.jspecify.annotations.NullMarked;
