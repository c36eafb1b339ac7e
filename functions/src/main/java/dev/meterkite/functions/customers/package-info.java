/**
 * What holds for a customer or scene and why, the flags that decide it, and the documents' care.
 */
@NullMarked
package dev.meterkite.functions.customers;

import org.jspecify.annotations.NullMarked;
