//! Eigenvalues and eigenvectors of symmetric matrices.
//!
//! Jacobi's method by cyclic rotations: G. H. Golub & C. F. Van Loan, "Matrix
//! Computations", 4th edition, 8.5. Small eigenvalues come out as precise as large ones.

/// More sweeps than any matrix needs: convergence is quadratic.
const SWEEPS: usize = 60;

/// An eigenvalue with its vector of length one.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// The eigenvalue.
    pub value: f64,
    /// Its vector.
    pub vector: Vec<f64>,
}

/// All eigenvalues of a symmetric matrix of finite numbers, given by its rows, the largest first.
pub fn symmetric(mut matrix: Vec<Vec<f64>>) -> Vec<Eigen> {
    let size = matrix.len();
    // Vectors lie in rows, so that a rotation turns two of them.
    let mut vectors: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..size {
            for q in p + 1..size {
                turned |= rotate(&mut matrix, &mut vectors, p, q);
            }
        }
        if !turned {
            break;
        }
    }
    let value = |(i, vector): (usize, Vec<f64>)| Eigen { value: matrix[i][i], vector };
    let mut all: Vec<Eigen> = vectors.into_iter().enumerate().map(value).collect();
    all.sort_by(|a, b| b.value.total_cmp(&a.value));
    all
}

/// Makes the entry of row `p` and column `q` zero; `false` when it was nothing beside the diagonal.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) -> bool {
    let (entry, above, below) = (matrix[p][q], matrix[p][p], matrix[q][q]);
    if entry.abs() <= f64::EPSILON * 1e-3 * (above.abs() * below.abs()).sqrt() || entry.abs() < f64::MIN_POSITIVE {
        return false;
    }
    let theta = (below - above) / (2.0 * entry);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for row in matrix.iter_mut() {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    for side in [matrix, vectors] {
        let (head, tail) = side.split_at_mut(q);
        for (a, b) in head[p].iter_mut().zip(&mut tail[0]) {
            (*a, *b) = turn(*a, *b);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_make_the_matrix_again() {
        let size = 9_u32;
        let entry = |i: u32, j: u32| 1.0 / f64::from(i + j + 1);
        let hilbert: Vec<Vec<f64>> = (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect();
        let all = symmetric(hilbert.clone());
        assert!(all.is_sorted_by(|a, b| a.value >= b.value));
        // The largest of the Hilbert matrix of this size, and its trace.
        assert!((all[0].value - 1.725_882_660_901_847_3).abs() < 1e-14, "{}", all[0].value);
        assert!(all.iter().all(|one| (one.vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-14));
        for (i, row) in hilbert.iter().enumerate() {
            for (j, expected) in row.iter().enumerate() {
                let made: f64 = all.iter().map(|one| one.value * one.vector[i] * one.vector[j]).sum();
                assert!((made - expected).abs() < 1e-14, "{i} {j}: {made} for {expected}");
            }
        }
    }
}
