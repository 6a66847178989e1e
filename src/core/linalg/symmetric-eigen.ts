/**
 * @file Eigenvalues of a symmetric matrix, and the vectors of the largest: Householder's tridiagonal form, implicit QL,
 * inverse iteration. O(n³) for the form and O(n k (n + k)) for k vectors, which is why vectors are asked for apart.
 */
import { reflectBack, tridiagonalise } from "./householder.ts";
import { tridiagonalEigenvalues } from "./tridiagonal-ql.ts";
import { tridiagonalEigenvectors } from "./tridiagonal-vectors.ts";

export interface SymmetricEigen {
  /** λ [n], the largest first. */
  readonly values: Float64Array;
  /** Unit eigenvectors of the `count` largest eigenvalues, in rows [count, n]. */
  vectors(count: number): Float64Array;
}

/**
 * A = Σᵢ λᵢ zᵢ zᵢᵀ
 * @param matrix A [n, n], row-major; the lower triangle is read, and the matrix left as it is
 * @throws StudioError "internal" where a number is not finite
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const form = tridiagonalise(matrix.slice(), size);
  const values = tridiagonalEigenvalues(form);
  return {
    values,
    vectors(count) {
      const vectors = tridiagonalEigenvectors(form, values.subarray(0, count));
      reflectBack(form, vectors);
      return vectors;
    },
  };
}
